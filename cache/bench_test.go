package cache

import "testing"

const benchPage = 999

func BenchmarkX(b *testing.B) {}
