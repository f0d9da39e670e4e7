package claims

import "builders.test/helpers/spec"

var drivers = []spec.Claim{}
