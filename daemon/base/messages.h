/* SPDX-License-Identifier: GPL-2.0-or-later */
/* MESSAGE_ID of the lines that an operator may want to find or be alerted of. */
#ifndef ATTACHD_MESSAGES_H
#define ATTACHD_MESSAGES_H

#define MSG_ATTACHED "df6454cf79964b3187f4678b93a95445"
#define MSG_CONNECTED "e9119cfb8b7a4df799dea9e96d328f53"
#define MSG_DETACHED "eaee809000404c0da62dd93415f0f473"
#define MSG_DENIED "b293b9f8ba3e4ac8a22c1be9223983d0"
#define MSG_FORCED "1af10562a2ac4ccfb29a26bf7a52cc70"
#define MSG_HOTPLUG_FAILED "b110dfd1a1e84c6693094ccf7ba38ccd"
#define MSG_STORE_LOST "6cf63b1a15814192a7b43d1aa4461469"
#define MSG_DEGRADED "7cfb39025c0f445694ab94abcc39538a"
#define MSG_THROTTLED "dd9d8de1370c469c9aa5700147e1288d"
#define MSG_SHUNNED "087fc7d1414d4e4fafced54e18d1dcfb"
#define MSG_STRANDED "7794403d2fed4648a48b1edf42b925a7"
#define MSG_LEFT_BEHIND "df65b54b861241ef957fd31cec70b6e6"
#define MSG_BAD_POLICY "296148365c0e44899b18497680cc1378"

#endif
