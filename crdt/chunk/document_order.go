package chunk

import "slices"

// order fills rows.
func (w *documentWriter) order() error {
	byID, err := w.sortByID()
	if err != nil {
		return err
	}
	ranks := w.rankKeys()
	scratch := make([]int32, len(byID))
	byKey := countingSort(scratch, byID, len(ranks), func(op int32) int32 {
		if key := w.ops[op].key; key != noKey {
			return ranks[key]
		}
		return 0
	})
	objectOf, objects := w.numberObjects(byID)
	w.rows = countingSort(byID, byKey, objects, func(op int32) int32 {
		if object := w.ops[op].object; object != rootObject {
			return objectOf[object]
		}
		return 0
	})
	return w.orderSequences()
}

// sortByID returns the operations that get a row, by id. Those of an actor are
// in order already; so the actors are put one behind the other, and sorted by
// counter.
func (w *documentWriter) sortByID() ([]int32, error) {
	byActor := make([]int32, 0, len(w.ops))
	highest := uint32(0)
	for _, own := range w.byActor {
		for _, change := range own {
			for op := w.first[change]; op < w.first[change+1]; op++ {
				if w.ops[op].action == ActionDelete {
					continue
				}
				byActor = append(byActor, op)
				highest = max(highest, w.ops[op].id.counter)
			}
		}
	}
	if int(highest) > len(w.ops) {
		return nil, malformed("operation %d of a document with %d", highest, len(w.ops))
	}
	out := make([]int32, len(byActor))
	return countingSort(out, byActor, int(highest)+1, func(op int32) int32 { return int32(w.ops[op].id.counter) }), nil
}

// countingSort sorts numbers into out by a key below keys. Those with the same
// key stay in their order.
func countingSort(out, numbers []int32, keys int, key func(int32) int32) []int32 {
	at := make([]int32, keys+1)
	for _, n := range numbers {
		at[key(n)+1]++
	}
	for k := range keys {
		at[k+1] += at[k]
	}
	for _, n := range numbers {
		k := key(n)
		out[at[k]] = n
		at[k]++
	}
	return out
}

// rankKeys gives each map key its place among all, from 1.
func (w *documentWriter) rankKeys() []int32 {
	sorted := slices.Clone(w.keys)
	slices.Sort(sorted)
	ranks := make([]int32, len(sorted)+1)
	for rank, key := range sorted {
		ranks[w.keyIndex[key]] = int32(rank + 1)
	}
	return ranks
}

// numberObjects numbers the objects by id, the root being 0, and gives for each
// operation the number of the object it made, and how many there are.
func (w *documentWriter) numberObjects(byID []int32) (objectOf []int32, objects int) {
	objectOf, objects = make([]int32, len(w.ops)), 1
	for _, op := range byID {
		if w.ops[op].action.Makes() {
			objectOf[op] = int32(objects)
			objects++
		}
	}
	return objectOf, objects
}

// sequence puts the operations of lists and texts in order. The elements of a
// sequence form a tree: each is a child of the one that it was inserted after,
// those at the front are children of the head. A walk that visits each element
// before its children, and siblings from the largest id to the smallest, meets
// them in order. All numbers are those of operations, -1 is none.
type sequence struct {
	w       *documentWriter
	head    int32   // first child of the head
	child   []int32 // first child of an element
	next    []int32 // of an element the next sibling, of another operation the next on its element
	updates []int32 // first operation on an element beside the one that inserted it
}

// orderSequences brings the rows of each list and text into order; they are
// sorted by object, and by id within one.
func (w *documentWriter) orderSequences() error {
	s := sequence{w: w}
	for from := 0; from < len(w.rows); {
		object := w.ops[w.rows[from]].object
		to := from + 1
		for to < len(w.rows) && w.ops[w.rows[to]].object == object {
			to++
		}
		if w.isSequence(object) {
			if err := s.order(w.rows[from:to]); err != nil {
				return err
			}
		}
		if err := w.pace.spend(to - from); err != nil {
			return err
		}
		from = to
	}
	return nil
}

// order sorts the rows of one sequence.
func (s *sequence) order(rows []int32) error {
	if s.child == nil {
		s.child, s.next, s.updates = noNumbers(len(s.w.ops)), noNumbers(len(s.w.ops)), noNumbers(len(s.w.ops))
	}
	s.head = -1
	for _, op := range rows {
		if !s.w.ops[op].insert {
			continue
		}
		first := s.firstChild(s.w.ops[op].elem)
		s.next[op], *first = *first, op
	}
	for _, op := range slices.Backward(rows) {
		if elem := s.w.ops[op].elem; !s.w.ops[op].insert {
			s.next[op], s.updates[elem] = s.updates[elem], op
		}
	}
	out := rows[:0]
	for elem := s.head; elem != -1; elem = s.after(elem) {
		if len(out) == len(rows) {
			break
		}
		out = append(out, elem)
		for op := s.updates[elem]; op != -1 && len(out) < len(rows); op = s.next[op] {
			out = append(out, op)
		}
	}
	if len(out) < len(rows) {
		return malformed("a sequence with elements that hang together nowhere")
	}
	return nil
}

func (s *sequence) firstChild(elem int32) *int32 {
	if elem == headElem {
		return &s.head
	}
	return &s.child[elem]
}

// after returns the element that the walk comes to after elem.
func (s *sequence) after(elem int32) int32 {
	if child := s.child[elem]; child != -1 {
		return child
	}
	for s.next[elem] == -1 {
		if elem = s.w.ops[elem].elem; elem == headElem {
			return -1
		}
	}
	return s.next[elem]
}

func noNumbers(n int) []int32 {
	numbers := make([]int32, n)
	for i := range numbers {
		numbers[i] = -1
	}
	return numbers
}
