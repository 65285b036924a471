"""Results → the nbgrader course directory: a class, its configuration and its gradebook, which all results go into."""
