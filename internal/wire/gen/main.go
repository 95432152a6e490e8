// Command gen writes the types of package wire for the page: go generate ./internal/wire.
package main

import (
	"fmt"
	"os"

	"visavis/internal/wire"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "gen: name the file to write")
		os.Exit(2)
	}
	if err := os.WriteFile(os.Args[1], wire.TypeScript(), 0o644); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}
