module toy.test

go 1.26.0
