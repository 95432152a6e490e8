// What a principal or delegate sees: the invitation with its check of devices, then the meeting.
export { Join as Invitation } from "./join";
export { MeetingPage as Seated } from "./meeting";
