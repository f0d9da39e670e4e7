package claims

import "builders.test/helpers/spec"

var output = []spec.Claim{}
