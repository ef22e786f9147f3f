"""What is made from the sources and shipped beside them: references, the manual page, the site."""
