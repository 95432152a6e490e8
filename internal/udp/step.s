// Without a file of assembly the compiler would not take a function without a body; see step.go.
