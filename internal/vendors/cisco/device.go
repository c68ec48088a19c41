package cisco

import (
	"errors"

	"github.com/dialplane/dialplane/internal/vendors"
)

func parseDevice(string, []byte) (*vendor.Config, error)         { return nil, errors.New("todo") }
func understandDevice(*vendor.Config) vendor.State               { return vendor.State{} }
func bootDevice(vendor.Unit, vendor.Getter) (*vendor.Config, error) { return nil, errors.New("todo") }
