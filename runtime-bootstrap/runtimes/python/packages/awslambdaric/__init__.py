"""The part of AWS's runtime client for Python that functions import: the type of their `context`."""
