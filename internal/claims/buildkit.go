package claims

import "builders.test/helpers/spec"

var buildkit = []spec.Claim{}
