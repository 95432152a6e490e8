# make demo      two nodes, a meeting, links to open for each role
# make test      everything, installing what it needs
# make measure-link   the figures of the video link, one line each
GO ?= go
export CGO_ENABLED ?= 0

.PHONY: all build demo test check go-test race browser-tools browser-test generate fuzz measure-link clean

all: build

build:
	$(GO) build -trimpath -buildvcs=auto -o bin/visavis ./cmd/visavis
	$(GO) build -trimpath -buildvcs=auto -o bin/visavis-demo ./cmd/visavis-demo

demo: build
	bin/visavis-demo

test:
	bash test/run.sh

check:
	bash test/check.sh

generate:
	$(GO) generate ./...

browser-tools:
	bash test/browser-tools.sh

fuzz:
	bash test/fuzz.sh

measure-link: build browser-tools
	bash measure/link.sh

clean:
	rm -rf bin
