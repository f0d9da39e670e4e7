package claims

import "builders.test/helpers/spec"

var buildkit = append([]spec.Claim{}, gc...)
