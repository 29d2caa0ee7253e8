package main

import (
	"crypto/rand"
	"fmt"
	"os"
	"os/exec"
	"sync"
)

// As target.c, and with children of its own.
func main() {
	var bytes [16]byte
	if _, err := rand.Read(bytes[:]); err != nil {
		fmt.Println("FAILED", err)
		os.Exit(1)
	}
	if len(os.Args) > 1 && os.Args[1] == "children" {
		var all sync.WaitGroup
		for i := 0; i < 8; i++ {
			all.Add(1)
			go func() {
				defer all.Done()
				out, err := exec.Command(os.Args[0], "child").CombinedOutput()
				if err != nil || string(out) != "go 2 child\n" {
					fmt.Println("FAILED", err, string(out))
				}
			}()
		}
		all.Wait()
	}
	fmt.Print("go ", len(os.Args))
	for _, argument := range os.Args[1:] {
		fmt.Print(" ", argument)
	}
	fmt.Println()
}
