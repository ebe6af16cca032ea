// A stand-in for the program in flannel's image that installs its CNI configuration: copies a file, whole or not at all.
package main

import (
	"log"
	"os"
	"path/filepath"
)

func main() {
	if len(os.Args) != 3 {
		log.Fatalf("usage: %s SOURCE DESTINATION", os.Args[0])
	}
	content, err := os.ReadFile(os.Args[1])
	check(err)
	temporary := filepath.Join(filepath.Dir(os.Args[2]), "."+filepath.Base(os.Args[2])+".tmp")
	check(os.WriteFile(temporary, content, 0o644))
	check(os.Rename(temporary, os.Args[2]))
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
