/** Icon and colour of each kind of channel. */
import { Archive, Building2, Globe, Headset, MessageCircle, PhoneCall, PhoneForwarded, Radio, Users } from '@lucide/vue'
import type { Component } from 'vue'

export interface ChannelLook {
  icon: Component
  colour: string
  soft: string
}

const LOOKS: Record<string, ChannelLook> = {
  wecom_app: { icon: Building2, colour: '#2a63b8', soft: '#ebf2fc' },
  wecom_kf: { icon: Headset, colour: '#116f40', soft: '#e6f5ec' },
  wecom_archive: { icon: Archive, colour: '#6250b8', soft: '#f0edfb' },
  wecom_contacts: { icon: Users, colour: '#2a63b8', soft: '#ebf2fc' },
  wechat_mp: { icon: Radio, colour: '#116f40', soft: '#e6f5ec' },
  web_im: { icon: Globe, colour: '#0b7285', soft: '#e3f4f7' },
  call_log: { icon: PhoneForwarded, colour: '#96590a', soft: '#fbf2e2' },
  call_webhook: { icon: PhoneCall, colour: '#b4470f', soft: '#fdeee6' },
  asterisk: { icon: PhoneCall, colour: '#b4470f', soft: '#fdeee6' },
}

const OTHER: ChannelLook = { icon: MessageCircle, colour: '#56657a', soft: '#eef1f4' }

export function channelLook(kind: string): ChannelLook {
  return LOOKS[kind] ?? OTHER
}
