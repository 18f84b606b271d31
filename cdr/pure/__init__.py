"""Billing and the debug log's wording, with no machine running."""
