"""Several restores of one snapshot: copies of a waiting runtime by fork, and what they must not share."""
