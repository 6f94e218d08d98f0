"""Predict the genre that a customer will spend most on next."""
