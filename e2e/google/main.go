// Command google serves a Google Drive that is not Google's, for the browser tests:
// blobtest.Drive on a free port of 127.0.0.1, until its standard input ends. It
// prints its address, and the client id and secret of the app that it knows.
//
//	POST /_test/faults    what goes wrong from now on, as blobtest.DriveFaults
//	GET  /_test/files     the names and sizes of what it keeps
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"time"

	"ampedfieldops/internal/blob/blobtest"
)

func main() {
	if err := run(); err != nil {
		log.Fatal(err)
	}
}

func run() error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	google := blobtest.NewDrive()
	mux := http.NewServeMux()
	mux.Handle("/", google)
	mux.HandleFunc("POST /_test/faults", func(w http.ResponseWriter, r *http.Request) {
		var faults blobtest.DriveFaults
		if err := json.NewDecoder(r.Body).Decode(&faults); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		google.Fault(func(f *blobtest.DriveFaults) { *f = faults })
	})
	mux.HandleFunc("GET /_test/files", func(w http.ResponseWriter, _ *http.Request) {
		type file struct {
			Name string `json:"name"`
			Size int    `json:"size"`
		}
		files := []file{}
		for _, f := range google.Files() {
			files = append(files, file{f.Name, len(f.Content)})
		}
		_ = json.NewEncoder(w).Encode(files) // the test is gone: there is nobody to tell
	})
	server := &http.Server{Handler: mux, ReadHeaderTimeout: time.Minute}
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		_ = server.Close()
	}()
	fmt.Printf("google http://%s %s %s\n", listener.Addr(), google.ClientID, google.ClientSecret)
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
