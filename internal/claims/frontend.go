package claims

import "builders.test/helpers/spec"

var frontend = []spec.Claim{}
