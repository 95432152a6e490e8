package bench

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// clockTick is the unit of /proc/PID/stat: USER_HZ is 100 on every architecture that Go runs Linux on.
const clockTick = 10 * time.Millisecond

var errProcess = errors.New("not understood")

// cpuOf returns the processor time that a process has used, user and system (proc(5), fields 14 and 15), all threads.
func cpuOf(pid int) (time.Duration, error) {
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return 0, fmt.Errorf("processor time of process %d: %w", pid, err)
	}
	d, err := parseStat(string(b))
	if err != nil {
		return 0, fmt.Errorf("processor time of process %d: %w", pid, err)
	}
	return d, nil
}

// parseStat reads the line. The name of the program may hold spaces and brackets: count from the last bracket.
func parseStat(s string) (time.Duration, error) {
	i := strings.LastIndexByte(s, ')')
	f := strings.Fields(s[i+1:])
	if i < 0 || len(f) < 13 {
		return 0, errProcess
	}
	user, err1 := strconv.ParseUint(f[11], 10, 40)
	system, err2 := strconv.ParseUint(f[12], 10, 40)
	if err1 != nil || err2 != nil {
		return 0, errProcess
	}
	return time.Duration(user+system) * clockTick, nil
}

// residentOf returns how much memory of a process is resident, in bytes (proc(5), statm).
func residentOf(pid int) (int64, error) {
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/statm")
	if err != nil {
		return 0, fmt.Errorf("memory of process %d: %w", pid, err)
	}
	f := strings.Fields(string(b))
	if len(f) < 2 {
		return 0, fmt.Errorf("memory of process %d: %w", pid, errProcess)
	}
	n, err := strconv.ParseInt(f[1], 10, 40)
	if err != nil {
		return 0, fmt.Errorf("memory of process %d: %w", pid, err)
	}
	return n * int64(os.Getpagesize()), nil
}
