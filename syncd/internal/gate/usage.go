package gate

import (
	"sync"
	"time"
)

// What one device may bring in a day (UTC). A tablet or a desk writes for many
// people. A device that was away brings what it made in weeks, so these are far
// above what anybody does by hand.
const (
	ChangesPerDay       = 5_000
	ChangesPerDayShared = 20_000
	PostsPerDay         = 100
	PostsPerDayShared   = 1_000
)

// Usage counts what a device has brought today. It is shared by the connections of
// the device, and safe for concurrent use.
type Usage struct {
	mu             sync.Mutex
	day            int64 // since 1970
	changes, posts int
}

// At tells the time, before changes are judged.
func (u *Usage) At(now time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if day := now.Unix() / (24 * 60 * 60); day != u.day {
		u.day, u.changes, u.posts = day, 0, 0
	}
}

// room tells whether one more change is within the limits.
func (u *Usage) room(shared bool) bool {
	changesMax, postsMax := ChangesPerDay, PostsPerDay
	if shared {
		changesMax, postsMax = ChangesPerDayShared, PostsPerDayShared
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.changes < changesMax && u.posts < postsMax
}

func (u *Usage) add(posts int) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.changes++
	u.posts += posts
}
