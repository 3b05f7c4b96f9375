// The views. name: the first word of the route; menu: stands in the menu; parent: whose entry of
// the menu is marked instead; load: a module with `show(page)`, see doc/HACKING.md.
export const views = [
	{ name: 'devices', title: 'Devices', menu: true, load: () => import('./views/devices.js') },
	{
		name: 'device',
		title: 'Device',
		parent: 'devices',
		load: () => import('./views/device.js'),
	},
	{ name: 'fleet', title: 'Fleet', menu: true, load: () => import('./views/fleet.js') },
];

// Another view may be there or not: who offers it asks first.
export const hasView = (name) => views.some((view) => view.name === name);
