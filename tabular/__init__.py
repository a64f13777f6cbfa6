"""Hostile tables in, safe tables out. Knows neither Django nor machine learning."""
