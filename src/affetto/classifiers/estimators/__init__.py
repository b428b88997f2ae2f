"""scikit-learn estimators: what the recipes are made of."""
