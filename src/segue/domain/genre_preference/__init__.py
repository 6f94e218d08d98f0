"""Which genre a customer will spend most on next."""
