"""Helpers that tests share: builders of values, a world of engines in memory."""
