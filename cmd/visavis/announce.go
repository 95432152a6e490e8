package main

import "visavis/internal/node"

type meetingAnnounceCmd struct {
	configFlag
	Meeting  string `arg:"" help:"Id of the meeting."`
	Closed   bool   `help:"No part of it is open to the public."`
	TakeBack bool   `help:"Take the announcement back."`
}

// Run tells the public site of a meeting that is to come.
func (m *meetingAnnounceCmd) Run(c console) error {
	d, err := m.open()
	if err != nil {
		return err
	}
	defer d.Close()
	if m.TakeBack {
		if err := d.Unannounce(node.MeetingID(m.Meeting)); err != nil {
			return err
		}
		c.printf("%s is no longer announced.\n", m.Meeting)
		return nil
	}
	def, err := d.Announce(c.ctx, node.MeetingID(m.Meeting), !m.Closed)
	if err != nil {
		return err
	}
	c.printf("Announced to the public: %s, %s\n", minute(def.Start), texts(def.Title))
	return nil
}
