"""Peers that do the same work on the same file: their programs, what they answer, and the contest between them."""
