# kestra-tasks:managed c34a3a15
# With json.awk: a line for each value, its path, type and text between tabs.
END {
  parse()
  for (n = 0; n < paths; n++) printf "%s\t%s\t%s\n", order[n], type[order[n]], shown[order[n]]
}
