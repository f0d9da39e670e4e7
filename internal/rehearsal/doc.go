// Package rehearsal plays the world that most users are in: Docker Hub and other
// registries by their names, with certificates, tokens and rate limits; an engine
// that knows no mirror; and a user who is not root, in a project of their own. The
// registries serve the lab's images, and the names, certificates and users exist
// only in mount namespaces, so the machine stays as it is.
//
// Its tests are run by `make rehearsal`.
package rehearsal
