"""The script that draws the charts: Plotly's, as it comes with the Python package."""

from __future__ import annotations

from logship.errors import UsageError


def drawing_script() -> str:
    """Return the source of plotly.js; raise UsageError when it is not installed."""
    try:
        from plotly.offline import get_plotlyjs
    except ImportError:
        raise UsageError(
            "--output html needs plotly, which is not installed: pip install '.[report]' in the clone of logship"
        ) from None
    return str(get_plotlyjs())
