"""What a person reads: tables, diffs, reports."""
