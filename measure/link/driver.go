package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
)

// driver is browser.mjs: a program that runs Chromium for us.
type driver struct {
	cmd *exec.Cmd
	in  io.WriteCloser

	mu      sync.Mutex // guards what follows
	next    int
	waiting map[int]chan reply
}

type reply struct {
	ID    int             `json:"id"`
	Value json.RawMessage `json:"value"`
	Error string          `json:"error"`
}

func startDriver(script string) (*driver, error) {
	d := &driver{cmd: exec.Command("node", script), waiting: map[int]chan reply{}}
	d.cmd.Stderr = os.Stderr
	var err error
	if d.in, err = d.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := d.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := d.cmd.Start(); err != nil {
		return nil, fmt.Errorf("node (Node 20 is needed): %w", err)
	}
	go func() {
		s := bufio.NewScanner(out)
		s.Buffer(nil, 64<<20)
		for s.Scan() {
			var r reply
			if json.Unmarshal(s.Bytes(), &r) != nil {
				continue
			}
			d.mu.Lock()
			ch := d.waiting[r.ID]
			delete(d.waiting, r.ID)
			d.mu.Unlock()
			if ch != nil {
				ch <- r
			}
		}
		d.mu.Lock()
		defer d.mu.Unlock()
		for id, ch := range d.waiting {
			ch <- reply{ID: id, Error: "the driver has ended"}
		}
		d.waiting = nil
	}()
	return d, nil
}

// do runs one operation and decodes its answer into v, which may be nil.
func (d *driver) do(ctx context.Context, v any, op string, args map[string]any) error {
	ch := make(chan reply, 1)
	d.mu.Lock()
	if d.waiting == nil {
		d.mu.Unlock()
		return fmt.Errorf("browser %s: the driver has ended", op)
	}
	d.next++
	id := d.next
	d.waiting[id] = ch
	d.mu.Unlock()
	b, err := json.Marshal(map[string]any{"id": id, "op": op, "args": args})
	if err != nil {
		return err
	}
	if _, err := d.in.Write(append(b, '\n')); err != nil {
		return fmt.Errorf("browser %s: %w", op, err)
	}
	select {
	case r := <-ch:
		if r.Error != "" {
			return fmt.Errorf("browser %s: %s", op, r.Error)
		}
		if v == nil {
			return nil
		}
		return json.Unmarshal(r.Value, v)
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (d *driver) close() {
	_ = d.do(context.Background(), nil, "quit", nil)
	_ = d.in.Close()
	_ = d.cmd.Wait()
}
