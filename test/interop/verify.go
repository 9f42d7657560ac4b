// Verifies one of our logs with other people's code: golang.org/x/mod/sumdb/tlog for trees and tiles,
// golang.org/x/mod/sumdb/note for checkpoints. Nothing of Longwatch is in here but the C2SP paths.
// It reads a request as JSON from standard input, and answers one line of JSON: what it checked, or
// the first thing that was wrong, with exit code 1.
package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type request struct {
	Log        string // a base URL, or a directory in the layout of C2SP tlog-tiles
	Token      string
	Vkey       string
	Checkpoint string // an older note of the log; without it the newest is fetched
	Inclusion  []struct {
		Index, Size int64
		Proof       []string
		Note        string
	}
	Consistency []struct {
		From  int64 `json:"from_size"`
		To    int64 `json:"to_size"`
		Proof []string
		Note  string
	}
}

type answer struct {
	Origin         string `json:"origin"`
	Size           int64  `json:"size"`
	Root           string `json:"root"`
	UnknownSigners int    `json:"unknown_signers"`
	Tiles          int    `json:"tiles"`
	Bundles        int    `json:"bundles"`
	LeafBytes      int    `json:"leaf_bytes"`
	Inclusion      int    `json:"inclusion"`
	Consistency    int    `json:"consistency"`
}

func main() {
	var q request
	err := json.NewDecoder(os.Stdin).Decode(&q)
	var a *answer
	if err == nil {
		a, err = verify(q)
	}
	if err != nil {
		json.NewEncoder(os.Stdout).Encode(map[string]string{"error": err.Error()})
		os.Exit(1)
	}
	json.NewEncoder(os.Stdout).Encode(a)
}

func verify(q request) (*answer, error) {
	verifier, err := note.NewVerifier(q.Vkey)
	if err != nil {
		return nil, err
	}
	l := &log{root: q.Log, token: q.Token, tiles: map[tlog.Tile][]byte{}}
	msg := []byte(q.Checkpoint)
	if q.Checkpoint == "" {
		if msg, err = l.get("checkpoint"); err != nil {
			return nil, err
		}
	}
	tree, unknown, err := open(msg, verifier)
	if err != nil {
		return nil, fmt.Errorf("checkpoint: %w", err)
	}
	a := &answer{Origin: verifier.Name(), Size: tree.N, Root: hex.EncodeToString(tree.Hash[:]), UnknownSigners: unknown}
	tiled := tlog.TileHashReader(tree, l)
	stored, err := l.entries(tree.N, tiled, a)
	if err != nil {
		return nil, err
	}
	for _, r := range []tlog.HashReader{stored, tiled} {
		if err := sameRoot(tree, r); err != nil {
			return nil, err
		}
	}
	if err := l.sameTiles(stored); err != nil {
		return nil, err
	}
	a.Tiles = len(l.tiles)
	for _, p := range q.Inclusion {
		if err := inclusion(p.Index, p.Size, p.Proof, p.Note, verifier, stored, tiled); err != nil {
			return nil, fmt.Errorf("inclusion of %d in %d: %w", p.Index, p.Size, err)
		}
		a.Inclusion++
	}
	for _, p := range q.Consistency {
		if err := consistency(p.From, p.To, p.Proof, p.Note, verifier, tiled); err != nil {
			return nil, fmt.Errorf("consistency of %d with %d: %w", p.From, p.To, err)
		}
		a.Consistency++
	}
	return a, nil
}

// open answers the tree that a checkpoint describes, and how many signatures are by keys that we do not know.
func open(msg []byte, verifier note.Verifier) (tree tlog.Tree, unknown int, err error) {
	n, err := note.Open(msg, note.VerifierList(verifier))
	if err != nil {
		return tree, 0, err
	}
	origin, rest, _ := strings.Cut(n.Text, "\n")
	if origin != verifier.Name() {
		return tree, 0, fmt.Errorf("the origin is %q and the key's name %q", origin, verifier.Name())
	}
	// Go's parser is for one log in the world, so it is given that log's first line.
	tree, err = tlog.ParseTree([]byte("go.sum database tree\n" + rest))
	return tree, len(n.UnverifiedSigs), err
}

func sameRoot(tree tlog.Tree, r tlog.HashReader) error {
	root, err := tlog.TreeHash(tree.N, r)
	if err != nil {
		return err
	}
	if tree.N == 0 {
		// RFC 6962: the hash of an empty list is the hash of an empty string. Older tlog packages answer zeroes.
		root = sha256.Sum256(nil)
	}
	if root != tree.Hash {
		return fmt.Errorf("the root of %d entries is %s and the checkpoint says %s", tree.N, root, tree.Hash)
	}
	return nil
}

// entries hashes every entry, compares it with the tile that names it, and builds the tree from entries alone.
func (l *log) entries(size int64, tiled tlog.HashReader, a *answer) (tlog.HashReader, error) {
	stored := make([]tlog.Hash, 0, 2*size)
	built := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		hashes := make([]tlog.Hash, len(indexes))
		for i, x := range indexes {
			hashes[i] = stored[x]
		}
		return hashes, nil
	})
	for first := int64(0); first < size; first += width {
		tile := tlog.Tile{H: height, L: -1, N: first / width, W: width}
		if size-first < width {
			tile.W = int(size - first)
		}
		leaves, err := l.bundle(tile)
		if err != nil {
			return nil, err
		}
		indexes := make([]int64, tile.W)
		for i := range indexes {
			indexes[i] = tlog.StoredHashIndex(0, first+int64(i))
		}
		hashes, err := tiled.ReadHashes(indexes)
		if err != nil {
			return nil, fmt.Errorf("tiles of entries from %d: %w", first, err)
		}
		for i, leaf := range leaves {
			n, hash := first+int64(i), tlog.RecordHash(leaf)
			if hash != hashes[i] {
				return nil, fmt.Errorf("entry %d is not what its tile says", n)
			}
			more, err := tlog.StoredHashesForRecordHash(n, hash, built)
			if err != nil {
				return nil, err
			}
			stored = append(stored, more...)
			a.LeafBytes += len(leaf)
		}
		a.Bundles++
	}
	return built, nil
}

// inclusion checks a proof of ours: it proves, and it is the proof that Go makes from our tiles.
func inclusion(n, size int64, given []string, msg string, v note.Verifier, stored, tiled tlog.HashReader) error {
	tree, _, err := open([]byte(msg), v)
	if err != nil {
		return err
	}
	proof, err := parse(given)
	if err != nil {
		return err
	}
	if tree.N != size || n < 0 || n >= size {
		return fmt.Errorf("its note is of %d entries", tree.N)
	}
	hash, err := stored.ReadHashes([]int64{tlog.StoredHashIndex(0, n)})
	if err != nil {
		return err
	}
	if err := tlog.CheckRecord(proof, size, tree.Hash, n, hash[0]); err != nil {
		return err
	}
	ours, err := tlog.ProveRecord(size, n, tiled)
	return same(proof, ours, err)
}

// consistency does for two sizes what inclusion does for an entry.
func consistency(from, to int64, given []string, msg string, v note.Verifier, tiled tlog.HashReader) error {
	tree, _, err := open([]byte(msg), v)
	if err != nil {
		return err
	}
	proof, err := parse(given)
	if err != nil {
		return err
	}
	if tree.N != to {
		return fmt.Errorf("its note is of %d entries", tree.N)
	}
	old, err := tlog.TreeHash(from, tiled)
	if err != nil {
		return err
	}
	if err := tlog.CheckTree(proof, to, tree.Hash, from, old); err != nil {
		return err
	}
	ours, err := tlog.ProveTree(to, from, tiled)
	return same(proof, tlog.RecordProof(ours), err)
}

func same(given, made []tlog.Hash, err error) error {
	if err == nil && fmt.Sprint(given) != fmt.Sprint(made) {
		err = fmt.Errorf("it proves, and is not the proof that Go makes")
	}
	return err
}

func parse(given []string) ([]tlog.Hash, error) {
	proof := make([]tlog.Hash, len(given))
	for i, text := range given {
		hash, err := hex.DecodeString(text)
		if err != nil || len(hash) != tlog.HashSize {
			return nil, fmt.Errorf("%q is not a hash in hexadecimal", text)
		}
		copy(proof[i][:], hash)
	}
	return proof, nil
}
