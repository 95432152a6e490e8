package main

import (
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: bundle WEB-FOLDER")
		os.Exit(2)
	}
	root := os.Args[1]
	files, err := Build(root)
	if err == nil {
		err = Write(filepath.Join(root, "dist"), files)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	total := 0
	for _, f := range files {
		n := Gzipped(f.Data)
		total += n
		fmt.Printf("%-26s %7d bytes, %6d gzipped\n", f.Name, len(f.Data), n)
	}
	fmt.Printf("%-26s %7s        %6d gzipped\n", "all", "", total)
}
