package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"math/rand/v2"
	"slices"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/paperwork"
	"ampedfieldops/internal/store"
)

// storePhotos gives the newest work at the switchboard what a technician would have
// photographed there, the newest day with two pictures.
func (f *demoFirm) storePhotos(ctx context.Context, p *program) error {
	technician := fieldops.Actor{UserID: f.people[2].ID, Name: f.people[2].Name}
	entries, _, err := p.db.Timesheets(ctx, store.TimesheetFilter{
		UserID: technician.UserID, ProjectID: f.projects[0].ID, BillingStatus: fieldops.Unbilled, Page: store.Page{Number: 1, Size: 2},
	})
	if err != nil {
		return err
	}
	if len(entries) < 2 {
		return errors.New("the technician has no work to photograph")
	}
	for i, photos := range [][]demoPhoto{
		{{"new-board.jpg", "New board, doors off, before the circuits go over", newBoard}, {"labels.jpg", "Ways 1 to 6 labelled", labels}},
		{{"old-board.jpg", "The old board as found", oldBoard}},
	} {
		if err := f.storePhotosOf(ctx, p, technician, entries[i].ID, photos); err != nil {
			return err
		}
	}
	return nil
}

type demoPhoto struct {
	name, caption string
	paint         func(*canvas)
}

func (f *demoFirm) storePhotosOf(ctx context.Context, p *program, actor fieldops.Actor, entry fieldops.ID, photos []demoPhoto) error {
	stored := make([]fieldops.StoredFile, len(photos))
	for i, photo := range photos {
		content, err := photo.take(uint64(i))
		if err != nil {
			return err
		}
		arrival, err := p.files.Receive(paperwork.UsePhoto, photo.name, bytes.NewReader(content))
		if err != nil {
			return fmt.Errorf("%s: %w", photo.name, err)
		}
		stored[i], err = p.files.Keep(ctx, arrival, paperwork.Owner{Kind: fieldops.RecordTimesheet, Record: entry, User: &actor.UserID})
		if err != nil {
			return errors.Join(err, arrival.Discard())
		}
		stored[i].Caption = photo.caption
	}
	return p.db.Write(ctx, actor, func(tx *store.Tx) error {
		before, err := tx.LockTimesheet(ctx, entry, "edit")
		if err != nil {
			return err
		}
		after := before
		after.ImageURLs = slices.Clone(before.ImageURLs)
		for i := range stored {
			after.ImageURLs = append(after.ImageURLs, stored[i].Path)
		}
		if err := tx.UpdateTimesheet(ctx, &before, &after); err != nil {
			return err
		}
		for i := range stored {
			if err := tx.KeepFile(ctx, &stored[i]); err != nil {
				return err
			}
		}
		return nil
	})
}

const photoWidth, photoHeight = 1280, 960

// canvas is what a photo shows, before there is light on it.
type canvas struct{ *image.RGBA }

func (c *canvas) fill(x, y, w, h int, r, g, b uint8) {
	draw.Draw(c, image.Rect(x, y, x+w, y+h), image.NewUniform(color.RGBA{r, g, b, 255}), image.Point{}, draw.Src)
}

// take is the picture as a phone takes it: lighter in the middle, and with noise.
func (photo *demoPhoto) take(seed uint64) ([]byte, error) {
	c := &canvas{image.NewRGBA(image.Rect(0, 0, photoWidth, photoHeight))}
	photo.paint(c)
	random := rand.New(rand.NewPCG(2026, seed))
	for y := range photoHeight {
		for x := range photoWidth {
			dx, dy := float64(x-photoWidth/2)/photoWidth, float64(y-photoHeight*2/5)/photoHeight
			light := 1.08 - 0.9*(dx*dx+dy*dy)
			grain := random.Float64()*10 - 5
			for i, at := 0, c.PixOffset(x, y); i < 3; i++ {
				c.Pix[at+i] = uint8(min(255, max(0, float64(c.Pix[at+i])*light+grain)))
			}
		}
	}
	var b bytes.Buffer
	err := jpeg.Encode(&b, c, &jpeg.Options{Quality: 80})
	return b.Bytes(), err
}

// breaker is one module on a rail, its lever up.
func (c *canvas) breaker(x, y, w, h int) {
	c.fill(x, y, w-2, h, 232, 232, 226)
	c.fill(x, y+h/4, w-2, h/2, 214, 214, 208)
	c.fill(x+w/3, y+h/3, w/3, h/5, 40, 44, 52)
	c.fill(x+w/5, y+h-h/8, w*3/5, h/20, 60, 110, 170)
}

func newBoard(c *canvas) {
	c.fill(0, 0, photoWidth, photoHeight, 196, 192, 182)
	c.fill(240, 60, 800, 840, 120, 126, 130)
	c.fill(262, 82, 756, 796, 168, 174, 176)
	for rail := range 3 {
		y := 150 + rail*240
		c.fill(290, y+52, 700, 26, 140, 144, 146)
		for way := range 12 {
			x := 310 + way*54
			if rail == 0 && way < 3 { // the main switch takes three ways
				c.fill(x, y-8, 54, 146, 52, 56, 62)
				continue
			}
			c.breaker(x, y, 54, 130)
			if way%3 == rail {
				c.fill(x+20, y+130, 10, 70, 178, 58, 46) // its circuit is on already
			}
		}
		c.fill(310, y+150, 648, 18, 244, 244, 238)
	}
	for wire := range 7 {
		c.fill(312+wire*92, 824, 12, 54, 120+uint8(wire*6), 160, 60) // earths, on their bar
	}
	c.fill(300, 812, 680, 14, 196, 160, 84)
}

func labels(c *canvas) {
	c.fill(0, 0, photoWidth, photoHeight, 168, 174, 176)
	c.fill(0, 330, photoWidth, 70, 140, 144, 146)
	for way := range 6 {
		x := 60 + way*194
		c.breaker(x, 180, 190, 430)
		c.fill(x+10, 650, 170, 110, 250, 250, 244)
		c.fill(x+24, 676, 60, 20, 30, 34, 40) // L1 to L6, from afar
		for line := range 2 {
			c.fill(x+24, 712+line*20, 130-((way+line)%3)*24, 8, 90, 94, 100)
		}
	}
	c.fill(0, 860, photoWidth, 100, 120, 126, 130)
}

func oldBoard(c *canvas) {
	c.fill(0, 0, photoWidth, photoHeight, 170, 156, 132)
	c.fill(200, 120, 880, 720, 88, 58, 36)
	c.fill(216, 136, 848, 688, 108, 72, 44)
	for way := range 8 {
		x, y := 270+way%4*196, 210+way/4*300
		c.fill(x+52, y-70, 14, 300, 28, 26, 24) // its cable, and where it is burnt
		c.fill(x, y, 120, 170, 226, 220, 204)
		c.fill(x+14, y+18, 92, 58, 204, 196, 178)
		c.fill(x+14, y+94, 92, 58, 204, 196, 178)
		if way == 5 {
			c.fill(x+20, y+90, 80, 66, 84, 70, 56)
		}
	}
	c.fill(216, 800, 848, 24, 60, 40, 26)
}
