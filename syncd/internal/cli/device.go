package cli

import (
	"cmp"
	"fmt"
	"time"

	"github.com/tavle-org/tavle/syncd/internal/api"
)

type deviceCmd struct {
	List   deviceListCmd   `cmd:"" help:"List devices, and how they are."`
	Revoke deviceRevokeCmd `cmd:"" help:"Shut a device out, for ever and at once."`
	Rename deviceRenameCmd `cmd:"" help:"Change what a device is called."`
}

type deviceListCmd struct {
	operatorCmd `embed:""`
	onBoard     `embed:""`
	All         bool `help:"Also those that were shut out."`
}

func (*deviceListCmd) Help() string {
	return "Without --board the devices of all boards. CLOCK is how far a device's clock is ahead; UNSENT is what it has not sent yet, as it last told."
}

func (c *deviceListCmd) Run(a *app) error {
	return a.operate(c.operatorCmd, false, func(o *operator) error {
		path, err := o.pathOf("/devices", c.Board)
		if err != nil {
			return err
		}
		var list api.DeviceList
		if err := o.ask(path, &list); err != nil {
			return err
		}
		if c.JSON {
			return a.printJSON(list)
		}
		c.show(a, list, time.Now())
		return nil
	})
}

func (c *deviceListCmd) show(a *app, list api.DeviceList, now time.Time) {
	t := newTable(a.Stdout, "DEVICE", "KIND", "LABEL", "MEMBER", "SEEN", "APP", "CLOCK", "UNSENT", "STATE")
	hidden := 0
	for _, d := range list.Devices {
		if d.Revoked != 0 && !c.All {
			hidden++
			continue
		}
		state, unsent, clock := "", "", ""
		switch {
		case d.Revoked != 0:
			state = "revoked " + when(d.Revoked)
		case d.LeaseEnded:
			state = fmt.Sprintf("not seen for %d days: has to join again", d.LeaseDays)
		}
		if d.Unsent != nil {
			unsent = fmt.Sprint(*d.Unsent)
		}
		if offset := time.Duration(d.ClockOffset) * time.Millisecond; offset.Abs() >= time.Minute {
			clock = offset.Round(time.Minute).String()
		}
		t.row(d.ID, d.Kind, d.Label, cmp.Or(d.MemberLabel, d.Member), ago(d.LastSeen, now), d.AppVersion, clock, unsent, state)
	}
	_ = t.w.Flush() // output remembers
	if hidden > 0 {
		fmt.Fprintf(a.Stderr, "%s shut out; --all shows them\n", plural(int64(hidden), "device"))
	}
}

type deviceRevokeCmd struct {
	operatorCmd `embed:""`
	Device      string `arg:"" help:"The id of the device."`
}

func (*deviceRevokeCmd) Help() string {
	return "The device is disconnected within a second; what it sends from then on is not taken, and it forgets its copy when it hears of it. There is no way back: whoever has the device again joins with a new invite, after the app's data were cleared."
}

func (c *deviceRevokeCmd) Run(a *app) error {
	return a.operate(c.operatorCmd, false, func(o *operator) error {
		var d api.Device
		if err := o.tell("/v1/devices"+segment(c.Device)+"/revoke", nil, &d); err != nil {
			return err
		}
		return a.showDevice(c.JSON, d, fmt.Sprintf("%s is shut out. Keep a list of revocations beside your backup:\n  syncd revocations export -o FILE\n", describe(d)))
	})
}

func (a *app) showDevice(asJSON bool, d api.Device, sentence string) error {
	if asJSON {
		return a.printJSON(d)
	}
	_, err := fmt.Fprint(a.Stderr, sentence)
	return err
}

func describe(d api.Device) string {
	return fmt.Sprintf("the %s %q", cmp.Or(d.Kind, "device"), printable(cmp.Or(d.Label, d.ID)))
}

type deviceRenameCmd struct {
	operatorCmd `embed:""`
	Device      string `arg:"" help:"The id of the device."`
	Label       string `arg:"" help:"What it is called from now on."`
}

func (c *deviceRenameCmd) Run(a *app) error {
	return a.operate(c.operatorCmd, false, func(o *operator) error {
		var d api.Device
		if err := o.tell("/v1/devices"+segment(c.Device)+"/rename", map[string]string{"label": c.Label}, &d); err != nil {
			return err
		}
		return a.showDevice(c.JSON, d, fmt.Sprintf("it is %s now\n", describe(d)))
	})
}
