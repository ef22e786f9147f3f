"""Say in a sentence why a line was rejected, and what helps."""

from __future__ import annotations

from logship.model import Reason

WHY = {
    Reason.TOO_LONG: "longer than follow.max_line_bytes",
    Reason.INVALID_UTF8: "bytes that are not UTF-8",
    Reason.NUL_BYTES: "NUL bytes within the line",
    Reason.INVALID_JSON: "not one JSON value: cut off, two on a line, NaN; or the format is another",
    Reason.TOO_DEEP: "JSON nested deeper than can be decoded",
    Reason.NOT_AN_OBJECT: "JSON, but no object",
    Reason.INVALID_LINE: "not a line of this format; --format names another",
    Reason.INVALID_WRAP: "not a line of the container runtime that --wrap names",
    Reason.WRAPPED: "a container runtime has wrapped the line; --wrap docker or --wrap cri names it",
    Reason.AMBIGUOUS_FORMAT: "several formats claim the line; name one with --format",
    Reason.MISSING_METHOD: "a request without a method",
    Reason.MISSING_URL: "a request without a url and without a route",
    Reason.MISSING_STATUS: "a request without a status",
    Reason.INVALID_METHOD: "the method is not text",
    Reason.INVALID_URL: "the url is not text",
    Reason.INVALID_ROUTE: "the route is not text",
    Reason.INVALID_STATUS: "the status is no whole number from 100 to 599",
    Reason.INVALID_DURATION: "the duration is no number from 0 on, or does not say its unit",
    Reason.INVALID_SAMPLE_RATE: "the sample_rate is no number over 0 and up to 1",
}
