package sabotage

// unsteadies act some of the time, so a single try may see nothing, or suggest
// that it is always so.
func unsteadies() []Sabotage {
	return []Sabotage{
		{
			Name: "load-sometimes", Does: "drops --load one time in three, including the first time",
			Plugin:   Plugin{When: oneInThree("--load"), Args: func(a Args) Args { return a.Without("--load") }},
			Unsteady: []string{"output/load"}, Counted: "failed 2 of 4",
		},
		{
			Name: "no-cache-beside", Does: "adds --no-cache to a build while another one is running",
			Plugin:   Plugin{When: besideOthers, Args: func(a Args) Args { return a.With("--no-cache") }},
			Unsteady: []string{"buildkit/unused-argument"}, Counted: "only alongside other builds",
			Beside: []string{"buildkit/max-parallelism"},
		},
		{
			Name: "mutant-race", Does: "BuildKit starts steps without waiting for its cache, if the scheduler lets them go first",
			World: World{Mutation: &Mutation{
				File: "solver/cachemanager.go", Function: "Query",
				Declare: "func overtaken() bool { first := make(chan bool, 2); go func() { first <- true }(); go func() { first <- false }(); for end := time.Now().Add(500 * time.Microsecond); time.Now().Before(end); {}; return <-first }",
				Begin:   "if overtaken() && overtaken() { return nil, nil }",
			}},
			Chance: []string{"caching/second-build", "caching/stop-start", "caching/third-builder", "caching/loaded-image", "drivers/remote-shared", "drivers/remote-rm",
				"frontend/secret-changed", "buildkit/unused-argument", "buildkit/late-change", "buildkit/common-step"},
		},
	}
}
