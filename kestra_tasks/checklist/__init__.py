"""`kestra.checklist`: every row of the task list as a check that a command answers (row 5.3)."""
