//go:build !linux

package kin

func parent() int { return 0 }

func watch(int, func()) {}

func ancestor([]string) (int, bool) { return 0, false }
