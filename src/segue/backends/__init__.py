"""Third-party runtimes behind domain protocols, imported lazily."""
