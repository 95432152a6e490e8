# make demo      two nodes, a meeting, links to open for each role
# make test      everything, installing what it needs
# make pictures  the screenshots that docs/ shows
# make measure-link   the figures of the video link, one line each
# make measure-meeting   how soon doors shut, speakers are heard, phases are shown
# make measure-readout   the public pages, changed bytes, the embargo, the import of existing texts
# make measure-forward, measure-network, measure-strangers   the packet path, bad networks, other people's clients
GO ?= go
export CGO_ENABLED ?= 0

.PHONY: all build demo test check go-test race browser-tools browser-test pictures generate fuzz measure-link measure-forward measure-network measure-meeting measure-strangers measure-readout clean

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

pictures: browser-tools
	bash test/pictures.sh

fuzz:
	bash test/fuzz.sh

measure-link: build browser-tools
	bash measure/link.sh

# (a) the core, (b) a whole node from outside; both run, and either may fall short
measure-forward: build
	bash measure/forward.sh; a=$$?; bash measure/whole.sh && exit $$a

measure-network: build
	bash measure/network.sh

measure-meeting: build
	bash measure/meeting.sh

measure-strangers: build browser-tools
	bash measure/strangers.sh

measure-readout: browser-tools
	bash measure/readout.sh

clean:
	rm -rf bin
