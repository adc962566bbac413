package worker

import (
	"runtime"

	"github.com/KimMachineGun/automemlimit/memlimit"
)

// Memory of the workers of a pool in bytes.
const (
	// mostMemory is what a worker gets where nothing is short.
	mostMemory = 1 << 30
	// enoughMemory is what all but hostile and huge documents are read within.
	enoughMemory = 512 << 20
	// leastMemory is what a worker can start and read ordinary documents with.
	leastMemory = 256 << 20
	// mainMemory is kept for the process that walks and judges.
	mainMemory = 256 << 20
)

// fit says how many workers of how much memory in bytes there may be, so that
// all together stay below limit, the memory in bytes that a container or
// service may use; 0 is no limit. Where that is exceeded the kernel ends a
// process of its own choice, and Kubernetes the whole job, every night at the
// same document. size and memory are what was asked for; 0 leaves the choice:
// one worker a processor, fewer where each would have less than enough.
func fit(size int, memory, limit int64) (int, int64) {
	chosen := size > 0
	if !chosen {
		size = runtime.GOMAXPROCS(0)
	}
	if memory > 0 {
		return size, memory
	}
	if limit <= 0 {
		return size, mostMemory
	}
	room := limit - max(mainMemory, limit/4)
	if !chosen {
		size = int(max(1, min(int64(size), room/enoughMemory)))
	}
	return size, max(leastMemory, min(mostMemory, room/int64(size)))
}

// memoryLimit is the memory in bytes that this process and its workers may use
// by the rules of their control group (Linux, cgroups 1 and 2); 0 where there
// is no limit or none that can be read.
func memoryLimit() int64 {
	n, err := memlimit.FromCgroup()
	if err != nil || n > 1<<62 {
		return 0
	}
	return int64(n)
}
