// SPDX-License-Identifier: GPL-2.0-only
/*
 * Asks a Raspberry Pi's firmware to try another system, once, at the next start.
 *
 * The kernel that Raspberry Pi makes does so when a restart's argument has the word tryboot; Linux's own does not. The tag
 * is the one that this kernel sends. It is for one start alone: the firmware clears the flag when it has read it.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/device/driver.h>
#include <linux/init.h>
#include <linux/module.h>
#include <linux/notifier.h>
#include <linux/of.h>
#include <linux/reboot.h>
#include <linux/string.h>
#include <soc/bcm2835/raspberrypi-firmware.h>

#define SET_REBOOT_FLAGS 0x00038064
#define FLAG_TRYBOOT 1

static struct rpi_firmware *firmware;

static bool ready;
module_param(ready, bool, 0444);
MODULE_PARM_DESC(ready, "A firmware is there that can be asked; to be read alone");

static int before_restart(struct notifier_block *block, unsigned long action, void *argument)
{
	u32 flags = FLAG_TRYBOOT;
	int error;

	if (action != SYS_RESTART || !argument || !strstr(argument, " tryboot"))
		return NOTIFY_DONE;
	error = rpi_firmware_property(firmware, SET_REBOOT_FLAGS, &flags, sizeof(flags));
	if (error)
		pr_err("the firmware did not take the flag (%d): the next start is the usual one\n", error);
	else
		pr_info("the firmware is asked to try at the next start what tryboot.txt names\n");
	return NOTIFY_DONE;
}

static struct notifier_block restart = { .notifier_call = before_restart };

static int __init begin(void)
{
	struct device_node *node = rpi_firmware_find_node();
	int error;

	ready = false;
	if (!node) {
		pr_info("no Raspberry Pi's firmware here; nothing can be asked of it\n");
		return 0;
	}
	firmware = rpi_firmware_get(node);
	if (!firmware) {
		/* Its driver may be waiting for the mailbox's. */
		wait_for_device_probe();
		firmware = rpi_firmware_get(node);
	}
	of_node_put(node);
	if (!firmware) {
		pr_err("a Raspberry Pi's firmware is here, and its driver is not; nothing can be asked of it\n");
		return 0;
	}
	error = register_reboot_notifier(&restart);
	if (error) {
		rpi_firmware_put(firmware);
		firmware = NULL;
		pr_err("restarts are not heard of (%d)\n", error);
		return error;
	}
	ready = true;
	pr_info("the firmware can be asked to try another system\n");
	return 0;
}

static void __exit end(void)
{
	if (!firmware)
		return;
	unregister_reboot_notifier(&restart);
	rpi_firmware_put(firmware);
}

module_init(begin);
module_exit(end);

MODULE_DESCRIPTION("Asks a Raspberry Pi's firmware to try another system at the next start");
MODULE_LICENSE("GPL");
