# The commands themselves read BUILDKIT, BUILDX, DRIVER, STORE, RUN and OUT: make
# passes them on if they are set, on its command line or in the environment. make
# exits with 2 for any failure of a command; if the exit code matters, as in CI,
# use `make bin/builders && bin/builders check`.

RELEASES := v0.11.5 v0.34.2

# Every claim is proven in the default cell, docker-container on the containerd
# store; claims about another driver or store use that one. The other cells repeat
# the claims that apply to any driver or store, on the newest release.
CELLS    := docker/containerd docker/overlay2 remote/containerd docker-container/overlay2
IN_CELLS := processor,caching,output,buildkit,frontend,images

# What is proven for a user who is not root; make rehearsal has more, and other worlds.
IN_WORLD := builders,caching,cleanup,output/push,images/docker-image,processor/one-index

# Parsers of text from outside: BuildKit's progress, reports, scripts, needs.
PARSERS  := helpers/progress:FuzzParse internal/report:FuzzParse internal/text/sanitize:FuzzLine helpers/script:FuzzParse helpers/engine/relay:FuzzPass helpers/claim:FuzzParseNeed

.DEFAULT_GOAL := help
.PHONY: help check test browser compare canary matrix soak bench bisect history selftest faults attribution rehearsal vulncheck lint docs licenses fuzz lab lab-down clean claims rename bin/builders

help: ## show this
	@sed -nE 's/^([a-z-]+):[^#]*## (.*)/  make \1|\2/p' $(MAKEFILE_LIST) | \
	  while IFS='|' read -r target what; do printf '%-18s %s\n' "$$target" "$$what"; done
	@echo
	@echo '  BUILDKIT=  a release (v0.11.5), latest, an image, or the folder of a source tree'
	@echo '  BUILDX=    a release or the path of a plugin'
	@echo '  DRIVER=    docker-container (default), docker or remote'
	@echo '  STORE=     the image store of the engine: containerd or overlay2'
	@echo '  RUN=       chapters, claims (builders/arch) and globs of claims (images/prune*)'
	@echo '  SPECS=     a folder with your own scripts, instead of the book'
	@echo '  USES=      your own Dockerfiles, bake files and workflows: only claims that guard what they use'
	@echo '  CONFIRM=   how often a claim that fails is retried before it counts as broken (3)'
	@echo '  KEEP=      1 keeps the builders and files of a claim that fails; make clean removes them'
	@echo '  STRICT=    1 also fails for unsteady claims and known faults'
	@echo '  OUT=       where the report and the evidence go (build/check)'

check: bin/builders ## prove the claims on one BuildKit; starts its own engine if there is none
	@bin/builders check

test: bin/builders ## vet, lint, unit tests, every claim on an old and a new BuildKit, and the other drivers and stores
	go vet ./...
	go vet -tags integration ./...
	@$(MAKE) --no-print-directory lint
	go test ./...
	@failed=; for release in $(RELEASES); do \
	  kill -0 $$PPID || exit 2; \
	  echo; echo "== BuildKit $$release"; \
	  bin/builders check --buildkit $$release --out build/test/$$release || failed="$$failed $$release"; \
	done; \
	for cell in $(CELLS); do \
	  kill -0 $$PPID || exit 2; \
	  driver=$${cell%/*}; store=$${cell#*/}; \
	  echo; echo "== driver $$driver, image store $$store"; \
	  bin/builders check --buildkit $(lastword $(RELEASES)) --driver $$driver --store $$store \
	    --run '$(IN_CELLS)' --out build/test/$$driver-$$store || failed="$$failed $$cell"; \
	done; \
	echo; echo "== an engine that is already in use"; \
	go test -tags faults -count=1 -v -run '^Test(Guest|AThiefIsCaught|Scripts)$$' ./internal/faults || failed="$$failed guest"; \
	echo; echo "== a user who is not root, with Docker Hub by its name"; \
	WORLDS=hub RUN='$(IN_WORLD)' go test -tags faults -count=1 -v -run '^TestRehearsal$$' ./internal/rehearsal || failed="$$failed rehearsal"; \
	echo; echo "== another project's suite"; \
	(eval "$$(bin/builders lab env 2>/dev/null)"; cd examples/own-suite && go vet -tags integration ./... && \
	  go test -tags integration -count=1 ./...) || failed="$$failed own-suite"; \
	for example in own-dockerfile monorepo; do \
	  echo; echo "== the scripts of another project, $$example"; \
	  bin/builders check --specs examples/$$example/specs --buildkit $(lastword $(RELEASES)) \
	    --out build/test/$$example || failed="$$failed $$example"; \
	done; \
	if [ -n "$$failed" ]; then \
	  echo; for name in $$failed; do echo "not green: $$name"; \
	    dir=build/test/$$(echo $$name | tr / -); [ ! -d $$dir ] || bin/builders report --failures $$dir; done; \
	  exit 1; fi

browser: bin/builders ## test the HTML page in Chromium: the one on PATH, or Debian's, unpacked
	go vet -tags browser ./internal/page
	go test -tags browser -count=1 -v -run '^TestBrowser$$' ./internal/page

compare: bin/builders ## what changes from BASELINE= to BUILDKIT= (or BASELINE_BUILDX= to BUILDX=)
	@bin/builders compare

canary: bin/builders ## compare what your project pins with buildx-stable-1, over SPECS= and USES=; quiet unless something changes
	@bin/builders canary

matrix: bin/builders ## prove the claims on several BUILDKIT=, BUILDX=, DRIVER= and STORE=
	@bin/builders matrix

soak: bin/builders ## prove the claims RUNS= times on each BUILDKIT=, with BESIDE=1 two runs at a time, and count what fails
	@bin/builders soak

bench: bin/builders ## measure FIGURES= of docs/performance.md RUNS= times, and by turns with another checkout, BEFORE=
	@bin/builders bench

bisect: bin/builders ## find the release between GOOD= and BAD= in which CLAIM= broke, or what USES= uses
	@bin/builders bisect

history: bin/builders ## prove that past regressions would have been caught
	@bin/builders history

selftest: bin/builders ## prove that the specs can fail, against a toolchain with deliberate faults
	@bin/builders selftest

faults: bin/builders ## kill runs, and break their engine, registry and disk; needs the lab to itself
	go vet -tags faults ./internal/faults
	go test -tags faults -count=1 -timeout 120m -v ./internal/faults

attribution: bin/builders ## make a registry fail in every way, at each moment and with each driver; writes docs/attribution.md
	go vet -tags faults ./internal/faults
	go test -tags faults -count=1 -timeout 60m -v -run '^TestAttribution$$' ./internal/faults

rehearsal: bin/builders ## run the specs as users have them: Docker Hub by name, not root, a proxy, ssh; WORLDS= chooses
	go vet -tags faults ./internal/rehearsal
	go test -tags faults -count=1 -timeout 180m -v -run '^TestRehearsal$$' ./internal/rehearsal

vulncheck: bin/builders ## look for known vulnerabilities in code that is called, with the Go version in go.mod
	GOTOOLCHAIN=auto go test -tags vulncheck -count=1 -v -run '^TestNothingVulnerableIsCalled$$' ./internal/faults

lint: ## run the linters; .golangci.yml has the rules
	go tool -modfile=tools/go.mod golangci-lint run ./...

docs: ## write the pages that are generated from the tree
	go test -count=1 ./internal/tree ./internal/pages -update

licenses: ## list the third-party modules and their licenses in docs/third-party.md
	go test -count=1 ./internal/licenses -update

fuzz: bin/builders ## fuzz the parsers, FUZZTIME= for each (10m)
	@for target in $(PARSERS); do \
	  echo "$${target#*:} of $${target%:*}"; \
	  go test -run '^$$' -fuzz "^$${target#*:}\$$" -fuzztime $(or $(FUZZTIME),10m) -fuzzminimizetime 100x "./$${target%:*}" || exit 1; \
	done

lab: bin/builders ## start the lab, the engines for machines without one
	@bin/builders lab up

lab-down: bin/builders ## stop the lab and keep what it built
	@bin/builders lab down

clean: bin/builders ## remove what killed runs left behind
	@bin/builders clean

claims: bin/builders ## list every claim
	@bin/builders claims

# Only imports are rewritten: image names in the specs look like the module's.
rename: ## give the module another path: make rename MODULE=example.com/you/builders
	@test -n "$(MODULE)" || { echo 'rename needs MODULE=, the new module path' >&2; exit 1; }
	@old=$$(go list -m) && go mod edit -module '$(MODULE)' && \
	find . -name '*.go' -not -path './build/*' -exec env OLD="$$old" NEW='$(MODULE)' \
	  perl -pi -e 's{^(\s*(?:import\s+)?(?:(?!return\b)[\w.]+\s+)?")\Q$$ENV{OLD}\E((?:/[^"]*)?"\s*)$$}{$$1$$ENV{NEW}$$2}' {} + && \
	find . -name '*.go' -not -path './build/*' -not -path '*/testdata/*' -exec gofmt -w {} + && \
	echo "$$old is now $(MODULE)"

# The variables on make's command line. A misspelled name would go unnoticed.
given = $(foreach name,$(.VARIABLES),$(if $(filter command,$(origin $(name))),$(name)))

# If this folder belongs to another user, git refuses to report its state.
bin/builders:
	@go build -buildvcs=false -o $@ ./cmd/builders
	@bin/builders variables $(if $(filter 0,$(MAKELEVEL)),,--nested) -- $(foreach name,$(given),'$(name)')
